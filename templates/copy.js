// Copies a formula's LaTeX or a netlist, from a server and from a file alike; without it the page reads as well.
"use strict";
document.documentElement.classList.add("live");
const said = document.getElementById("said");
let fading = 0;

function say(words) {
  said.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => { said.textContent = ""; }, 1800);
}

function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.setAttribute("readonly", "");
  field.setAttribute("aria-hidden", "true");
  field.className = "unseen";
  document.body.append(field);
  field.select();
  let done = false;
  try { done = document.execCommand("copy"); } catch (refused) { done = false; }
  field.remove();
  if (before) { before.focus({ preventScroll: true }); }
  return done;
}

async function copy(text, button) {
  let done = false;
  if (navigator.clipboard) {
    try { await navigator.clipboard.writeText(text); done = true; } catch (refused) { done = false; }
  }
  done = done || copyBySelection(text);
  say(done ? said.dataset.copied : said.dataset.failed);
  if (done) {
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  }
}

// One button serves all formulas that stand inside a sentence: it appears beside the one that is pointed at.
const beside = document.createElement("button");
beside.type = "button";
beside.className = "copy beside";
beside.textContent = "TeX";
beside.hidden = true;
beside.setAttribute("aria-label", said.dataset.copy);
beside.title = said.dataset.copy;
document.body.append(beside);
let leaving = 0;

function showBeside(formula) {
  clearTimeout(leaving);
  const box = formula.getBoundingClientRect();
  beside.dataset.latex = formula.dataset.latex;
  beside.hidden = false;
  const right = document.documentElement.clientWidth - beside.offsetWidth - 4;
  beside.style.left = window.scrollX + Math.max(4, Math.min(box.right - 6, right)) + "px";
  beside.style.top = window.scrollY + box.top - beside.offsetHeight + 3 + "px";
}

function hideBeside() {
  clearTimeout(leaving);
  leaving = setTimeout(() => { beside.hidden = true; }, 350);
}

document.addEventListener("pointerover", (event) => {
  const formula = event.target.closest(".math[data-latex]");
  if (formula) { showBeside(formula); } else if (event.target === beside) { clearTimeout(leaving); } else { hideBeside(); }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) { return; }
  if (button.classList.contains("copy")) {
    copy((button.closest("[data-latex]") || button).dataset.latex, button);
  } else if (button.classList.contains("copy-text")) {
    const link = button.parentElement.querySelector("a.download");
    copy(decodeURIComponent(link.getAttribute("href").split(",")[1]), button);
  }
});
