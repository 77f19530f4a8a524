// Adds orders to the list as they are placed. The page works without this script too: it shows them after a reload.
const list = document.querySelector("[data-feed]");

if (list) {
  const state = document.querySelector("[data-feed-state]");
  const feed = new EventSource(list.dataset.feed);
  feed.addEventListener("open", () => {
    state.textContent = "New orders appear here by themselves.";
  });
  feed.addEventListener("error", () => {
    state.textContent = "The connection is lost; it is tried again.";
  });
  // Orders are missing that the server no longer knows for this page.
  feed.addEventListener("reset", () => location.reload());
  feed.addEventListener("order", (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = JSON.parse(event.data).html;
    const item = holder.content.firstElementChild;
    const known = document.getElementById(item.id);
    if (known) {
      known.replaceWith(item);
    } else {
      item.classList.add("new");
      list.prepend(item);
      document.querySelector("[data-empty]")?.remove();
    }
  });
}
