import { svelte, vitePreprocess } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = "http://127.0.0.1:8080";

// The mode names the page. Each page is built alone, so that it loads no code of another.
export default defineConfig(({ mode }) => ({
  // All pages load their assets from here, so the server has one folder to serve.
  base: "/desk/",
  plugins: [svelte({ preprocess: vitePreprocess(), configFile: false, compilerOptions: { discloseVersion: false } })],
  build: {
    target: "es2022",
    emptyOutDir: false,
    // The content security policy allows files of our own and nothing inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: `${mode}.html` },
  },
  server: {
    proxy: {
      "/desk/api": server,
      "/chat/api": server,
      "/openapi.json": server,
      "/cgi-bin": server,
      "/customservice": server,
    },
  },
  test: { include: ["src/**/*.test.ts"] },
}));
