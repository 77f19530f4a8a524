"""Settings of the documentation's site, for Sphinx; ``make docs`` builds it with tools/build_docs.py."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

from framework import __version__

project = "framework-aiohttp"
author = "The framework's authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
root_doc = "index"
exclude_patterns = ["_templates"]
language = "en"

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]
# Headings of a changelog are repeated, and a page may begin with a lower level.
suppress_warnings = ["myst.header"]

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100

html_theme = "furo"
# Blocks of code differ from the page.
html_theme_options = {
    "light_css_variables": {"color-code-background": "#f5f6f8"},
    "dark_css_variables": {"color-code-background": "#24272b"},
}
html_title = f"{project} {version}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
# Prompts are not copied, and output is not either.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def setup(app: Sphinx) -> None:
    """Show what programs print as plain text."""
    app.add_lexer("log", TextLexer)
