// ReDoc over the document of this gateway, in the fonts that the machine has.
"use strict";

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
Redoc.init(
  "openapi.json",
  {
    hideLoading: false,
    nativeScrollbars: true,
    theme: {
      colors: { primary: { main: "#0f766e" } },
      typography: { fontFamily: font, headings: { fontFamily: font }, code: { fontFamily: "ui-monospace, Menlo, Consolas, monospace" } },
    },
  },
  document.getElementById("redoc"));
document.body.style.margin = "0";
