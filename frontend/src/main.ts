import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/layout.css";
import "./styles/card.css";
import "./styles/gallery.css";
import "./styles/settings.css";

import { createApp } from "vue";

import App from "./App.vue";
import { router } from "./router";

// Which view is shown depends on who is signed in; nothing is painted before that is known.
const app = createApp(App).use(router);
void router.isReady().then(() => app.mount("#app"));
