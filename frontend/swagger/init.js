const ROOT = document.documentElement.dataset.root ?? "";
const SAFE = ["GET", "HEAD", "OPTIONS"];

// Requests that are tried out go with the session's cookie, so they need its token too.
async function withToken(request) {
  if (SAFE.includes((request.method ?? "GET").toUpperCase())) return request;
  const answer = await fetch(`${ROOT}/api/v1/session`);
  const { csrf_token } = answer.ok ? await answer.json() : {};
  if (csrf_token) request.headers["X-CSRF-Token"] = csrf_token;
  return request;
}

window.SwaggerUIBundle({
  url: `${ROOT}/openapi.json`,
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The badge of Swagger's own validator would ask another host.
  validatorUrl: null,
  requestInterceptor: withToken,
});
