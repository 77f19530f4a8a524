"""How Swagger UI looks: dark if the system prefers it, with the contrast and the names that WCAG 2.1 requires (AA).

All is done by the script that starts the page, because its policy allows no style elements.
"""

__all__ = ("LOOK",)

# Formatted with %, so that a percent sign is written twice. After the style sheets of the page, so that equal selectors
# win; what Swagger UI sets on elements is overruled with !important.
LOOK = """\
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
.swagger-ui .info .title small { background: #59606d; }
.swagger-ui .info .title small.version-stamp { background: #44680a; }
.swagger-ui .info .title small pre, .swagger-ui .opblock .opblock-summary-method { color: #fff; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1d62b3; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #12774a; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #985504; }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0b7267; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #bb1d1d; }
.swagger-ui .download-contents { background: #59606d; }
.swagger-ui .microlight span[style*="rgb(211, 99, 99)"] { color: #ff9d9d !important; }
html:not(.dark-mode) .swagger-ui .info a { color: #1d5fae; }
html:not(.dark-mode) .swagger-ui .btn.authorize,
html:not(.dark-mode) .swagger-ui .btn.authorize span { border-color: #12774a; color: #12774a; }
html:not(.dark-mode) .swagger-ui .btn.authorize svg { fill: #12774a; }
html:not(.dark-mode) .swagger-ui .btn.cancel { border-color: #bb1d1d; color: #bb1d1d; }
html:not(.dark-mode) .swagger-ui .btn.execute { background: #1d62b3; border-color: #1d62b3; }
html:not(.dark-mode) .swagger-ui .parameter__in,
html:not(.dark-mode) .swagger-ui .parameter__extension,
html:not(.dark-mode) .swagger-ui .json-schema-2020-12-expand-deep-button { color: #59606d; }
html:not(.dark-mode) .swagger-ui .parameter__name.required span,
html:not(.dark-mode) .swagger-ui .parameter__name.required::after,
html:not(.dark-mode) .swagger-ui .required { color: #bb1d1d; }
html.dark-mode .swagger-ui .btn.cancel { border-color: #ff8b8b !important; color: #ff8b8b !important; }
html.dark-mode .swagger-ui .headers td,
html.dark-mode .swagger-ui .headers th { color: #e4e6e6; }
`);
document.adoptedStyleSheets = [sheet];
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// Fields and buttons that have no name for screen readers, and what only a mouse can scroll.
let isPlanned = false;
const complete = () => {
  isPlanned = false;
  for (const one of document.querySelectorAll("tr[data-param-name] select, tr[data-property-name] select")) {
    const { paramName, propertyName } = one.closest("tr").dataset;
    one.ariaLabel ??= paramName ?? propertyName;
  }
  for (const one of document.querySelectorAll("textarea.body-param__text")) one.ariaLabel ??= "Request body";
  for (const one of document.querySelectorAll("button.close-modal")) one.ariaLabel ??= "Close";
  for (const one of document.querySelectorAll("pre.microlight")) one.tabIndex = 0;
};
const plan = () => {
  if (!isPlanned) requestAnimationFrame(complete);
  isPlanned = true;
};
new MutationObserver(plan).observe(document.getElementById("swagger-ui"), { childList: true, subtree: true });
"""
