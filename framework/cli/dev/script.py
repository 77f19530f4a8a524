"""The script that reloads a page when the app has changed, and shows why it cannot be reloaded."""

import re
import secrets

from aiohttp import web

__all__ = ("inserted", "is_document", "new_nonce", "script_of")

_BEGINS = 2048
_DOCUMENT = re.compile(rb"<!doctype|<html", re.IGNORECASE)
_END = re.compile(rb"</body\s*>", re.IGNORECASE)
_DESTINATIONS = frozenset({"document", "iframe", "frame"})

# Only textContent and properties of styles: no policy for content restricts them. Styles of the page do not reach into
# the shadow root.
_SCRIPT = """\
(() => {
  const version = "%(version)s", key = "framework-dev";
  let banner;
  const once = () => {
    try {
      if (sessionStorage.getItem(key) === version) return false;
      sessionStorage.setItem(key, version);
    } catch {}
    return true;
  };
  const add = (parent, name, text, style) => {
    const made = document.createElement(name);
    made.textContent = text;
    Object.assign(made.style, style);
    parent.append(made);
    return made;
  };
  const show = (failure) => {
    banner?.remove();
    if (location.pathname === failure.page) return;
    banner = add(document.documentElement, "div", "", {
      all: "initial", position: "fixed", inset: "auto 0 0 0", zIndex: "2147483647", maxHeight: "50vh", overflow: "auto",
      padding: "16px 20px", background: "#1c1917", color: "#fafaf9", borderTop: "4px solid #ef4444",
      font: "14px/1.5 ui-monospace, monospace", boxSizing: "border-box",
    });
    banner.id = "framework-dev-banner";
    banner.setAttribute("role", "alert");
    const root = banner.attachShadow({mode: "open"});
    const block = {display: "block", margin: "0 0 8px", font: "inherit", color: "inherit", whiteSpace: "pre-wrap"};
    add(root, "strong", failure.title, {...block, fontWeight: "bold", color: "#fca5a5"});
    for (const error of failure.errors) add(root, "pre", error, block);
    add(root, "span", "This page is of the last version that works. ", {font: "inherit", color: "inherit"});
    const link = add(root, "a", "Details", {font: "inherit", color: "#93c5fd", textDecoration: "underline"});
    link.href = failure.page;
    const close = add(root, "button", "Hide", {
      font: "inherit", color: "#fafaf9", background: "#44403c", border: "0", padding: "2px 10px", marginLeft: "16px",
      cursor: "pointer",
    });
    close.onclick = () => banner.remove();
  };
  // A browser has six connections to a server: tabs that are not seen use none.
  let events;
  const listen = () => {
    if (document.visibilityState === "hidden") return events?.close();
    events?.close();
    events = new EventSource("/__framework__/events");
    events.addEventListener("hello", (event) => {
      if (JSON.parse(event.data) === version) banner?.remove();
      else if (once()) location.reload();
    });
    events.addEventListener("broken", (event) => show(JSON.parse(event.data)));
    events.onerror = ({target}) => {
      if (target === events && target.readyState === EventSource.CLOSED) setTimeout(listen, 500);
    };
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => events?.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  listen();
})();
"""


def new_nonce() -> str:
    """Return 128 random bits for a Content-Security-Policy."""
    return secrets.token_urlsafe(16)


def script_of(version: str, nonce: str) -> str:
    """Return the element for a page of one version of the app."""
    return f'<script nonce="{nonce}">\n{_SCRIPT % {"version": version}}</script>'


def is_document(request: web.Request, body: bytes) -> bool:
    """Return whether HTML is a whole page, and not a fragment that a script has requested."""
    destination = request.headers.get("Sec-Fetch-Dest")
    if destination is not None:
        return destination in _DESTINATIONS
    return _DOCUMENT.search(body[:_BEGINS]) is not None


def inserted(body: bytes, script: str) -> bytes:
    """Return a page with an element before the end of its body."""
    ends = list(_END.finditer(body))
    at = ends[-1].start() if ends else len(body)
    return body[:at] + script.encode() + body[at:]
