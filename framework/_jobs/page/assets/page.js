"use strict";

const base = location.pathname.replace(/\/+$/, "");
const every = 5000;
const shown = 50;
let oldest = null;

function cell(row, text) {
  const made = row.insertCell();
  made.textContent = text ?? "";
  return made;
}

function button(parent, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", () => report(act));
  parent.append(made);
}

async function send(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(base + path, options);
  const text = await response.text();
  const value = text === "" ? null : JSON.parse(text);
  if (!response.ok) throw new Error(value.detail ?? value.title);
  return value;
}

async function report(act) {
  const message = document.getElementById("message");
  try {
    // What is refreshed by itself leaves the message of a person's action.
    message.textContent = (await act()) ?? message.textContent;
  } catch (error) {
    message.textContent = `Failed: ${error.message}`;
  }
}

async function change(action, job) {
  const { changed } = await send("POST", `/${action}`, { ids: [job.id] });
  await refresh();
  return changed === 1 ? `Job ${job.id}: ${action}` : `Job ${job.id} was not changed`;
}

const actions = {
  ready: ["discard"],
  scheduled: ["run-now", "discard"],
  running: ["discard"],
  done: [],
  dead: ["retry"],
  cancelled: ["retry"],
};

function addJob(job) {
  const row = document.querySelector("#jobs tbody").insertRow();
  row.dataset.id = job.id;
  button(cell(row), String(job.id), () => show(job.id));
  cell(row, job.name);
  cell(row, job.queue);
  cell(row, job.progress ? `${job.state}: ${job.progress}` : job.state);
  cell(row, `${job.attempt} of ${job.max_attempts}`);
  cell(row, new Date(job.run_at).toLocaleString());
  const last = cell(row);
  for (const action of actions[job.state]) button(last, action, () => change(action, job));
}

async function show(id) {
  const { error, ...job } = await send("GET", `/items/${id}`);
  document.getElementById("record").textContent = JSON.stringify(job, null, 2);
  document.getElementById("error").textContent = error ?? "";
  document.getElementById("details").hidden = false;
}

async function list(before) {
  const query = new URLSearchParams({ limit: shown });
  for (const [name, value] of new FormData(document.getElementById("filter"))) if (value) query.set(name, value);
  if (before !== null) query.set("before", before);
  const found = await send("GET", `/items?${query}`);
  if (before === null) document.querySelector("#jobs tbody").replaceChildren();
  found.forEach(addJob);
  oldest = found.length ? found.at(-1).id : null;
  document.getElementById("more").hidden = found.length < shown;
}

async function pause(queue) {
  await send("PUT", `/queues/${encodeURIComponent(queue.name)}`, { paused: !queue.paused });
  await refresh();
  return `Queue ${queue.name}: ${queue.paused ? "resumed" : "paused"}`;
}

async function showQueues() {
  const found = await send("GET", "/queues");
  const body = document.querySelector("#queues tbody");
  body.replaceChildren();
  for (const queue of found) {
    const row = body.insertRow();
    row.dataset.queue = queue.name;
    cell(row, queue.paused ? `${queue.name} (paused)` : queue.name);
    for (const state of Object.keys(actions)) {
      cell(row, `${queue.counts[state]}${queue.partial.includes(state) ? "+" : ""}`);
    }
    cell(row, queue.oldest === null ? "" : `${Math.round(queue.oldest)} s`);
    button(cell(row), queue.paused ? "resume" : "pause", () => pause(queue));
  }
}

async function refresh() {
  await showQueues();
  await list(null);
}

document.getElementById("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  report(refresh);
});
document.getElementById("more").addEventListener("click", () => report(() => list(oldest)));
report(refresh);
setInterval(() => report(showQueues), every);
