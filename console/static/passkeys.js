// Passkeys: asks the server what is to be signed, the browser to do it, and sends the answer with the form it stands in.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const keys = (listed) => (listed || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const make = async (options) => {
    const made = await navigator.credentials.create({ publicKey: {
      ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: keys(options.excludeCredentials),
    } });
    return answer(made, { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) });
  };
  const sign = async (options) => {
    const signed = await navigator.credentials.get({ publicKey: {
      ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials),
    } }), { clientDataJSON, authenticatorData, signature } = signed.response;
    return answer(signed, { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) });
  };
  const answer = (key, response) => JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {}, response });

  for (const button of document.querySelectorAll("[data-passkey]")) {
    const form = button.form, part = button.closest(".passkey"), problem = part.querySelector("[role=alert]");
    if (!window.PublicKeyCredential) { part.querySelector("[data-unable]")?.removeAttribute("hidden"); continue; }
    part.hidden = button.hidden = false;
    button.addEventListener("click", async () => {
      if (button.dataset.passkey === "add" && !form.reportValidity()) return;
      button.disabled = true; problem.hidden = true;
      try {
        const asked = await fetch(button.dataset.ask, { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }) });
        if (!asked.ok) throw new Error("nothing to sign");
        const { publicKey } = await asked.json();
        form.elements[button.dataset.field].value = await (button.dataset.passkey === "add" ? make : sign)(publicKey);
        // The field for a code is left empty, and need not be filled in.
        form.noValidate = true; form.requestSubmit();
      } catch { problem.hidden = false; button.disabled = false; button.focus(); }
    });
    // Who comes from the password and has no code has one thing to do.
    if (button.hasAttribute("data-first")) button.focus();
  }
})();
