window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The badge of Swagger's own validator would ask another host.
  validatorUrl: null,
});
