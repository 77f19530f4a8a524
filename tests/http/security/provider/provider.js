// An OpenID provider for the tests: node-oidc-provider, which is certified by the OpenID Foundation, with two clients.
// It prints its port. A user logs in by the interaction pages with any name; GET /rotate changes the keys.

import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

const keys = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" }] };
};

const server = createServer((request, response) => handle(request, response));
let handle;

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const client = { redirect_uris: process.argv.slice(2), grant_types: ["authorization_code", "refresh_token"] };
  const configuration = () => ({
    clients: [
      { ...client, client_id: "shop", client_secret: "shop secret: 100% +/=" },
      { ...client, client_id: "public", token_endpoint_auth_method: "none" },
    ],
    claims: { openid: ["sub"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["for tests only"] },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.org` }) }),
    issueRefreshToken: async (_, found) => found.grantTypeAllowed("refresh_token"),
    jwks: keys(),
    pkce: { required: () => true },
    rotateRefreshToken: true,
  });
  const begin = () => {
    const callback = new Provider(issuer, configuration()).callback();
    handle = (request, response) => {
      if (request.url === "/rotate") {
        begin();
        response.end();
      } else {
        callback(request, response);
      }
    };
  };
  begin();
  console.log(`listening on ${issuer}`);
});
