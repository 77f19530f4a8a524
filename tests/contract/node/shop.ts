// Buys something in the running template, with types from its document; a mistake in them is found by tsc.
import createClient from "openapi-fetch";

import type { components, paths } from "./client.js";

const client = createClient<paths>({ baseUrl: process.argv[2], headers: { Authorization: `Bearer ${process.argv[3]}` } });

const product: components["schemas"]["NewProduct"] = { sku: "TEA-1", name: "Tea", price_cents: 450, stock: 5 };
const made = await client.POST("/api/products", { body: product });
if (made.data?.stock !== 5) throw new Error(JSON.stringify(made.error));

const placed = await client.POST("/api/orders", { body: { lines: [{ sku: "TEA-1", quantity: 2 }] } });
if (placed.data === undefined) throw new Error(JSON.stringify(placed.error));
const total: number = placed.data.total_cents;
const status: "placed" | "cancelled" = placed.data.status;

const page = await client.GET("/api/orders", { params: { query: { limit: 1 } } });
const found: number | undefined = page.data?.items[0]?.id;

const refused = await client.GET("/api/orders/{order_id}", { params: { path: { order_id: 4711 } } });
const detail: number | undefined = refused.response.status === 404 ? 404 : undefined;

// @ts-expect-error  a product has no such member
client.POST("/api/products", { body: { ...product, colour: "red" } satisfies components["schemas"]["NewProduct"] }).catch(() => {});
// @ts-expect-error  there is no such path
client.GET("/nothing").catch(() => {});

console.log(JSON.stringify({ total, status, found: found === placed.data.id, detail }));
