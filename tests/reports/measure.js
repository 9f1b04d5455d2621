// Run in a page by browser.py: how wide it is, and the contrast of every text with what lies below it.
() => {
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  // Whatever way a style spells a colour, a canvas tells its red, green, blue and alpha.
  const parsed = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = "rgba(0,0,0,0)";
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, [red, green, blue, alpha / 255]);
    }
    return known.get(text);
  };
  const over = (top, below) => {
    const alpha = top[3];
    return [0, 1, 2].map((place) => top[place] * alpha + below[place] * (1 - alpha)).concat(1);
  };
  const shape = (element) => element instanceof SVGElement && !(element instanceof SVGSVGElement);
  const paint = (element) => {
    const style = getComputedStyle(element);
    if (!shape(element)) return parsed(style.backgroundColor);
    if (element instanceof SVGTextContentElement || style.fill === "none") return [0, 0, 0, 0];
    const [red, green, blue, alpha] = parsed(style.fill);
    return [red, green, blue, alpha * parseFloat(style.fillOpacity) * parseFloat(style.opacity)];
  };
  const page = parsed(getComputedStyle(document.documentElement).backgroundColor);
  const ground = over(page, [255, 255, 255, 1]);
  const around = (element) => {
    const found = [];
    for (let one = element; one; one = one.parentElement) found.push(one);
    return found;
  };
  // What has been scrolled out of sight is not found at its place; it lies on what it stands in.
  const below = (owner, x, y) => {
    const there = document.elementsFromPoint(x, y);
    const layers = there.some((one) => one === owner || owner.contains(one)) ? there : around(owner);
    return layers.filter((one) => one === owner || !owner.contains(one)).map(paint).reverse()
      .reduce((under, layer) => over(layer, under), ground);
  };
  const contrasts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const owner = node.parentElement;
    if (!node.data.trim() || ["TITLE", "DESC", "STYLE", "METADATA"].includes(owner.tagName.toUpperCase())) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = [...range.getClientRects()].find((one) => one.width > 0 && one.height > 0);
    const style = getComputedStyle(owner);
    if (!box || style.visibility !== "visible" || box.right < 0) continue;
    const under = below(owner, Math.min(box.left + box.width / 2, innerWidth - 1), box.top + box.height / 2);
    const svg = owner instanceof SVGElement;
    const own = parsed(svg ? style.fill : style.color);
    const alpha = svg ? own[3] * parseFloat(style.fillOpacity) : own[3];
    const color = over([own[0], own[1], own[2], alpha * parseFloat(style.opacity)], under);
    const [light, dark] = [luminance(color), luminance(under)].sort((one, other) => other - one);
    const rounded = (rgb) => rgb.slice(0, 3).map(Math.round).join(",");
    contrasts.push({
      ratio: (light + 0.05) / (dark + 0.05), text: node.data.trim().slice(0, 60), color: rounded(color), below: rounded(under),
    });
  }
  const scrolls = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(one).overflowX)) return true;
    }
    return false;
  };
  const wide = [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !scrolls(one))
    .slice(0, 5).map((one) => `${one.tagName}.${one.getAttribute("class") || ""}`);
  return { contrasts, wide, overflow: document.documentElement.scrollWidth - innerWidth };
}
