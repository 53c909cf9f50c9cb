// The contents show where one is reading; what scrolls sideways can be scrolled from the keyboard.
const links = new Map();
for (const link of document.querySelectorAll(".contents a")) {
  links.set(decodeURIComponent(link.hash.slice(1)), link);
}
const headings = [...links.keys()].map((name) => document.getElementById(name)).filter(Boolean);

function showPlace() {
  let here = null;
  for (const heading of headings) {
    if (heading.getBoundingClientRect().top > 120) { break; }
    here = heading;
  }
  for (const [name, link] of links) {
    if (here !== null ? name === here.id : false) { link.setAttribute("aria-current", "true"); } else { link.removeAttribute("aria-current"); }
  }
}

let waiting = false;
window.addEventListener("scroll", () => {
  if (waiting) { return; }
  waiting = true;
  requestAnimationFrame(() => { waiting = false; showPlace(); });
}, { passive: true });
showPlace();

for (const box of document.querySelectorAll(".formula, .scroll, .picture, pre")) {
  if (box.scrollWidth > box.clientWidth + 1) { box.tabIndex = 0; }
}
