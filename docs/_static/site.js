// A box that scrolls sideways can be reached with the keyboard, and others are no stops on the way.
function reachable() {
  for (const box of document.querySelectorAll("article pre, article .table-wrapper")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// The other versions of the site, if it is in the folder of a version: versions.json is beside that folder.
async function offerVersions() {
  const place = document.getElementById("versions");
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const response = await fetch(new URL("../versions.json", root));
  const { versions } = await response.json();
  const select = place.querySelector("select");
  for (const version of versions) {
    select.add(new Option(version, version, false, version === place.dataset.version));
  }
  select.addEventListener("change", async () => {
    const other = new URL(`../${select.value}/`, root);
    const page = new URL(location.pathname.slice(root.pathname.length), other);
    const found = await fetch(page, { method: "HEAD" });
    location.assign(found.ok ? page : other);
  });
  place.hidden = false;
}

addEventListener("DOMContentLoaded", () => {
  reachable();
  addEventListener("resize", reachable);
  if (document.getElementById("versions")) offerVersions();
});
