// What a reader sees of the page: its width and direction, and for every visible piece of text its words, place, direction and contrast.
(() => {
  const shade = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const blend = (over, ground, alpha) => over.map((part, index) => part * alpha + ground[index] * (1 - alpha));
  // WCAG 2.2: relative luminance, contrast ratio.
  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [dim, bright] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dim + 0.05);
  };

  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.backgroundColor = "Canvas";
  const canvas = shade(getComputedStyle(probe).backgroundColor).rgb;
  probe.remove();

  const seen = (element) => {
    let ground = canvas, opacity = 1;
    const chain = [];
    for (let each = element; each; each = each.parentElement) chain.unshift(each);
    for (const each of chain) {
      const style = getComputedStyle(each), paint = shade(style.backgroundColor);
      ground = blend(paint.rgb, ground, paint.alpha);
      opacity *= Number(style.opacity);
    }
    const ink = shade(getComputedStyle(element).color);
    return contrast(blend(ink.rgb, ground, ink.alpha * opacity), ground);
  };

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!node.data.trim() || !box.height) continue;
    texts.push({
      words: node.data.trim(),
      top: Math.round(box.top + scrollY),
      direction: getComputedStyle(node.parentElement).direction,
      contrast: seen(node.parentElement),
    });
  }
  return {
    width: document.scrollingElement.scrollWidth,
    is_dark: luminance(canvas) < 0.5,
    direction: getComputedStyle(document.querySelector(".page")).direction,
    texts,
  };
})()
