// Shows the entries that have every word that is looked for; the words stay in the address, so a search can be linked.
const wanted = document.getElementById("wanted");
const found = document.getElementById("found");

function folded(text) {
  return text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[_${}\\]/g, "");
}

const entries = [...document.querySelectorAll(".entry")].map((item) => {
  const heading = item.closest("section").querySelector("h2").textContent;
  return { item, words: folded([item.querySelector("h3").textContent, heading, item.dataset.words].join(" ")).split(/[\s,;:()]+/) };
});

function has(words, part) {
  // A short piece, or one with a figure in it, has to begin a word: C2 is not found inside C12, nor A_d inside "load".
  const strict = 4 > part.length ? true : /[0-9]/.test(part);
  return words.some((word) => strict ? word.startsWith(part) : word.includes(part));
}

function show() {
  const parts = folded(wanted.value).split(/[\s,;:()]+/).filter(Boolean);
  let count = 0;
  for (const { item, words } of entries) {
    const fits = parts.every((part) => has(words, part));
    item.hidden = !fits;
    count += fits ? 1 : 0;
  }
  for (const section of document.querySelectorAll(".of-chapter")) {
    section.hidden = section.querySelector(".entry:not([hidden])") === null;
  }
  for (const section of document.querySelectorAll(".listing")) { section.hidden = parts.length > 0; }
  if (parts.length === 0) { found.textContent = ""; }
  else { found.textContent = count === 0 ? found.dataset.none : [count, found.dataset.of, entries.length].join(" "); }
}

function fromAddress() {
  const asked = /^#q=(.*)$/.exec(location.hash);
  if (asked) { try { wanted.value = decodeURIComponent(asked[1]); } catch (broken) { wanted.value = ""; } }
  show();
}

wanted.addEventListener("input", () => {
  const words = wanted.value.trim();
  history.replaceState(null, "", words ? "#q=" + encodeURIComponent(words) : location.pathname + location.search);
  show();
});
wanted.form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = document.querySelector(".entry:not([hidden]) h3 a");
  if (first) { first.focus(); }
});
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "/" ? !typing : false) { event.preventDefault(); wanted.focus(); wanted.select(); }
  if (event.key === "Escape" ? event.target === wanted : false) { wanted.value = ""; wanted.dispatchEvent(new Event("input")); }
});
window.addEventListener("hashchange", fromAddress);
fromAddress();
