"use strict";

// Shows /openapi.json in Swagger UI. A POST without an Idempotency-Key gets a new one, so that each Execute is a request of its
// own; whoever wants to repeat one writes its key into the field.

const KEY = "Idempotency-Key";
const HOW = "Left empty, this page makes a new key for each request; write one to repeat a request. ";

function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function leaveKeysToThePage(description) {
  const parameter = description.components.parameters[KEY];
  parameter.required = false;
  parameter.description = HOW + parameter.description;
  delete parameter.example;
  return description;
}

function addKey(request) {
  const isToken = new URL(request.url, location.href).pathname === "/oauth/token";
  if (request.method === "POST" && !isToken && !request.headers[KEY]) {
    request.headers[KEY] = makeKey();
  }
  return request;
}

async function show() {
  const response = await fetch("/openapi.json");
  window.ui = SwaggerUIBundle({
    spec: leaveKeysToThePage(await response.json()),
    dom_id: "#reference",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    filter: true,
    validatorUrl: null,
    requestInterceptor: addKey,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
    layout: "BaseLayout",
  });
}

show();
