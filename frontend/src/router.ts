import { nextTick } from "vue";
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";

import { ROOT } from "./root";
import { nextOf, useSession } from "./session";
import CaptionView from "./views/CaptionView.vue";
import GalleryView from "./views/GalleryView.vue";
import NotFoundView from "./views/NotFoundView.vue";
import PhotoView from "./views/PhotoView.vue";
import SignInView from "./views/SignInView.vue";
import AccountView from "./views/settings/AccountView.vue";
import DataView from "./views/settings/DataView.vue";
import LearntView from "./views/settings/LearntView.vue";
import PreferencesView from "./views/settings/PreferencesView.vue";
import SettingsView from "./views/settings/SettingsView.vue";
import TokensView from "./views/settings/TokensView.vue";

const settings = [
  { path: "", name: "preferences", component: PreferencesView, meta: { title: "Preferences" } },
  { path: "learnt", name: "learnt", component: LearntView, meta: { title: "What was learnt" } },
  { path: "data", name: "data", component: DataView, meta: { title: "Your data" } },
  { path: "account", name: "account", component: AccountView, meta: { title: "Account", accounts: true } },
  { path: "tokens", name: "tokens", component: TokensView, meta: { title: "Access tokens", accounts: true } },
];

export const router = createRouter({
  history: createWebHistory(`${ROOT}/`),
  routes: [
    { path: "/", name: "caption", component: CaptionView, meta: { title: "Caption" } },
    { path: "/gallery", name: "gallery", component: GalleryView, meta: { title: "Gallery" } },
    { path: "/gallery/:id", name: "photo", component: PhotoView, meta: { title: "Photo" } },
    { path: "/settings", component: SettingsView, children: settings },
    { path: "/sign-in", name: "sign-in", component: SignInView, meta: { title: "Sign in", entrance: true } },
    { path: "/register", name: "register", component: SignInView, meta: { title: "Register", entrance: true } },
    { path: "/:path(.*)", name: "not-found", component: NotFoundView, meta: { title: "Not found" } },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.name === from.name ? undefined : { top: 0 }),
});

router.beforeEach(async ({ fullPath, meta, query }) => {
  const { session, accounts, admitted, load } = useSession();
  if (!session.value) await load();
  if (meta.entrance) return admitted.value ? nextOf(query.next) : true;
  if (!admitted.value) return { name: "sign-in", query: fullPath === "/" ? {} : { next: fullPath } };
  return meta.accounts && !accounts.value ? { name: "preferences" } : true;
});

router.afterEach((to, from) => {
  document.title = `${String(to.meta.title)} · Moodcap`;
  if (from.name && to.name !== from.name) void focusHeading(to);
});

/** A change of view is silent to screen readers unless focus moves with it. */
async function focusHeading(to: RouteLocationNormalized): Promise<void> {
  await nextTick();
  if (router.currentRoute.value.fullPath === to.fullPath) {
    document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
  }
}
