// A real OpenID Connect provider on loopback: node provider.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI.
// Whoever gives a login is signed in; "name:group,group" puts them into groups.
import { Provider } from "oidc-provider";

const [port, id, secret, back] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: id, client_secret: secret, redirect_uris: [back],
    grant_types: ["authorization_code"], response_types: ["code"], token_endpoint_auth_method: "client_secret_basic",
  }],
  pkce: { required: () => true },
  scopes: ["openid", "profile", "email"],
  claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
  cookies: { keys: ["a key of the tests"] },
  ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  findAccount: (_, sub) => {
    const [name, groups = ""] = sub.split(":");
    return {
      accountId: sub,
      claims: () => ({ sub, name, groups: groups.split(","), email: `${name}@example.org`, email_verified: true }),
    };
  },
});
provider.listen(Number(port), "127.0.0.1");
