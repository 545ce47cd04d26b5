// Starts Swagger UI over our own API document; nothing is asked of another host.
window.addEventListener("DOMContentLoaded", () => {
  const element = document.getElementById("api-document");
  SwaggerUIBundle({
    url: element.dataset.address,
    domNode: element,
    deepLinking: false,
    validatorUrl: null,
    supportedSubmitMethods: ["get"],
  });
});
