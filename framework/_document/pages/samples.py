"""What Swagger UI shows beside an operation: examples of bodies, and code that sends the request.

Swagger UI makes a random string for a pattern; a string with a pattern and without an example is shown as ``string``
instead. After a request was sent, the page has it as a command of curl and as code in Python and in TypeScript.
"""

__all__ = ("SAMPLES",)

# Formatted with %, so that a percent sign is written twice.
SAMPLES = """\
const isShown = (schema) =>
  ["example", "examples", "default", "const", "enum", "format"].some((name) => name in schema);

const withExamples = (value) => {
  if (Array.isArray(value)) {
    value.forEach(withExamples);
  } else if (value !== null && typeof value === "object") {
    if (value.type === "string" && typeof value.pattern === "string" && !isShown(value)) {
      value.examples = ["string"];
    }
    Object.values(value).forEach(withExamples);
  }
  return value;
};

const isFile = (value) => typeof File !== "undefined" && value instanceof File;

const partsOf = (body) => (body && typeof body.entrySeq === "function" ? [...body.entrySeq()] : null);

const jsonOf = (request) => {
  const body = request.get("body");
  if (typeof body !== "string") return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

// JSON text is Python, except for three words.
const toPython = (value, indent) => {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = indent + "    ";
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const items = Array.isArray(value)
    ? value.map((one) => toPython(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${toPython(one, inner)}`);
  if (!items.length) return open + close;
  return `${open}\\n${items.map((one) => `${inner}${one},\\n`).join("")}${indent}${close}`;
};

const headersOf = (request, without) =>
  Object.fromEntries(
    [...request.get("headers").entrySeq()].filter(([name]) => !without.includes(name.toLowerCase())),
  );

const inPython = (request) => {
  const [json, parts, body] = [jsonOf(request), partsOf(request.get("body")), request.get("body")];
  const headers = headersOf(request, json !== undefined || parts ? ["content-type"] : []);
  const given = [JSON.stringify(request.get("url"))];
  if (Object.keys(headers).length) given.push(`headers=${toPython(headers, "    ")}`);
  if (json !== undefined) {
    given.push(`json=${toPython(json, "    ")}`);
  } else if (parts) {
    const fields = Object.fromEntries(parts.filter(([, value]) => !isFile(value)));
    const files = parts.filter(([, value]) => isFile(value));
    if (Object.keys(fields).length) given.push(`data=${toPython(fields, "    ")}`);
    const opened = files.map(([name, file]) => `${JSON.stringify(name)}: open(${JSON.stringify(file.name)}, "rb")`);
    if (opened.length) given.push(`files={${opened.join(", ")}}`);
  } else if (typeof body === "string") {
    given.push(`data=${JSON.stringify(body)}`);
  }
  const call = given.map((one) => `    ${one},\\n`).join("");
  const method = request.get("method").toLowerCase();
  const send = `response = requests.${method}(\\n${call})`;
  return ["import requests", "", send, "response.raise_for_status()", "print(response.text)"].join("\\n");
};

const inTypeScript = (request) => {
  const [json, parts, body] = [jsonOf(request), partsOf(request.get("body")), request.get("body")];
  const lines = [];
  const options = [`method: ${JSON.stringify(request.get("method").toUpperCase())}`];
  const headers = headersOf(request, parts ? ["content-type"] : []);
  if (Object.keys(headers).length) {
    options.push(`headers: ${JSON.stringify(headers, null, 2).replaceAll("\\n", "\\n  ")}`);
  }
  if (json !== undefined) {
    options.push(`body: JSON.stringify(${JSON.stringify(json, null, 2).replaceAll("\\n", "\\n  ")})`);
  } else if (parts) {
    lines.push("const form = new FormData();");
    for (const [name, value] of parts) {
      lines.push(`form.append(${JSON.stringify(name)}, ${isFile(value) ? "file" : JSON.stringify(value)});`);
    }
    options.push("body: form");
  } else if (typeof body === "string") {
    options.push(`body: ${JSON.stringify(body)}`);
  }
  lines.push(
    `const response = await fetch(${JSON.stringify(request.get("url"))}, {`,
    ...options.map((one) => `  ${one},`),
    "});",
    "if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);",
    "console.log(await response.text());",
  );
  return lines.join("\\n");
};

const snippets = {
  requestSnippetsEnabled: true,
  requestSnippets: {
    languages: ["curl_bash", "python", "typescript"],
    generators: {
      curl_bash: { title: "curl", syntax: "bash" },
      python: { title: "Python", syntax: "python" },
      typescript: { title: "TypeScript", syntax: "javascript" },
    },
  },
  plugins: [
    { fn: { requestSnippetGenerator_python: inPython, requestSnippetGenerator_typescript: inTypeScript } },
  ],
};
"""
