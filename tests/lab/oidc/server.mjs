// oidc-provider as the lab needs it. Usage: node server.mjs PORT CLIENTS.json
//
// It issues opaque tokens, each for one audience, and only that audience may introspect it. Beside the provider's own
// endpoints: PUT /lab/clock {"ahead": seconds}, POST /lab/revoke (every token so far), POST /lab/refresh {"client"}
// (a refresh token, as after a consent), GET /lab/seen (the requests so far).
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, file] = process.argv.slice(2);
const clients = JSON.parse(readFileSync(file, "utf8"));
const issuer = `http://127.0.0.1:${port}`;
const ownTime = Date.now;
let ahead = 0;
let revokedUntil = 0; // number of the last token that was revoked by POST /lab/revoke
let issued = 0;
const seen = [];
Date.now = () => ownTime() + ahead * 1000;

const allowed = (client, token) => token.aud === client.clientId && token.extra?.number > revokedUntil;

const provider = new Provider(issuer, {
  clients,
  extraClientMetadata: { properties: ["user", "audience", "lifetime"] },
  clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
  enabledJWA: { clientAuthSigningAlgValues: ["PS256", "ES256"] },
  scopes: ["openid", "offline_access", "mail"],
  rotateRefreshToken: true,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  extraTokenClaims: (ctx) => ({ username: ctx.oidc.client.user, number: ++issued }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_, client, token) => allowed(client, token) },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => `urn:lab:${client.audience}`,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => ({
        scope: "mail",
        audience: resource.replace("urn:lab:", ""),
        accessTokenFormat: "opaque",
        accessTokenTTL: client.lifetime,
      }),
    },
  },
});

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path.startsWith("/token")) seen.push({ path: ctx.path, status: ctx.status, active: ctx.body?.active ?? null });
});

async function refreshToken({ client: id }) {
  const client = await provider.Client.find(id);
  const grant = new provider.Grant({ accountId: client.user, clientId: id });
  grant.addOIDCScope("openid offline_access");
  grant.addResourceScope(`urn:lab:${client.audience}`, "mail");
  const token = new provider.RefreshToken({
    client, accountId: client.user, grantId: await grant.save(), gty: "authorization_code",
    scope: "openid offline_access mail", resource: `urn:lab:${client.audience}`, rotations: 0,
  });
  return { refresh_token: await token.save() };
}

async function control(request, body) {
  switch (`${request.method} ${request.url}`) {
    case "PUT /lab/clock":
      ahead = body.ahead;
      return {};
    case "POST /lab/revoke":
      revokedUntil = issued;
      return {};
    case "POST /lab/refresh":
      return refreshToken(body);
    case "GET /lab/seen":
      return seen;
    default:
      return null;
  }
}

const answer = provider.callback();
createServer((request, response) => {
  response.sendDate = false;
  response.setHeader("Date", new Date(Date.now()).toUTCString());
  if (!request.url.startsWith("/lab/")) return answer(request, response);
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () =>
    control(request, text ? JSON.parse(text) : {}).then((said) => response.end(JSON.stringify(said))),
  );
}).listen(Number(port), "127.0.0.1");
