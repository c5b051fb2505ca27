import { nextTick } from "vue";
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";

import CaptionView from "./views/CaptionView.vue";
import GalleryView from "./views/GalleryView.vue";
import NotFoundView from "./views/NotFoundView.vue";
import PhotoView from "./views/PhotoView.vue";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", name: "caption", component: CaptionView, meta: { title: "Caption" } },
    { path: "/gallery", name: "gallery", component: GalleryView, meta: { title: "Gallery" } },
    { path: "/gallery/:id", name: "photo", component: PhotoView, meta: { title: "Photo" } },
    { path: "/:path(.*)", name: "not-found", component: NotFoundView, meta: { title: "Not found" } },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.name === from.name ? undefined : { top: 0 }),
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
