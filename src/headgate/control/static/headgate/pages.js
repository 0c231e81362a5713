// What pages do beside showing themselves. Everything works without it, with one click more.
"use strict";

// A choice that is a form of its own goes off when it is made; the button beside it is for those without scripts.
for (const choice of document.querySelectorAll("select[data-submits]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
  choice.form.querySelector("button").hidden = true;
}

// <button data-copies="id of an input">: the clipboard's own interface is only there over TLS and on localhost.
for (const button of document.querySelectorAll("button[data-copies]")) {
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    field.select();
    let copied = false;
    try {
      await navigator.clipboard.writeText(field.value);
      copied = true;
    } catch {
      copied = document.execCommand("copy");
    }
    button.textContent = copied ? "Copied" : "Press Ctrl+C";
  });
}

// <form data-confirms="question">: what cannot be taken back is asked about once more.
for (const form of document.querySelectorAll("form[data-confirms]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirms)) event.preventDefault();
  });
}
