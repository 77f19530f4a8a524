// Tells what AsyncAPI's own parser finds in a document: mistakes, and the addresses by what the application does there.
import { readFileSync } from "node:fs";

import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const addresses = (operations) => operations.flatMap((one) => one.channels().all().map((channel) => channel.address()));

console.log(
  JSON.stringify({
    diagnostics,
    version: document?.version(),
    receives: addresses(document?.operations().filterByReceive() ?? []),
    sends: addresses(document?.operations().filterBySend() ?? []),
  }),
);
