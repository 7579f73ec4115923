import { expect, type Page } from '@playwright/test';

/** What has the focus, as its user would name it, and whether the eye can see that. */
interface Focused {
  readonly name: string;
  readonly visible: boolean;
}

/** Somebody without a mouse: every stop of Tab on the way must show that it has the focus. */
export class Keyboard {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  press(...keys: readonly string[]): Promise<void> {
    return keys.reduce((before, key) => before.then(() => this.page.keyboard.press(key)), Promise.resolve());
  }

  type(text: string): Promise<void> {
    return this.page.keyboard.type(text);
  }

  /** Presses a key until something with this name has the focus. */
  async moveTo(name: string | RegExp, key = 'Tab', most = 20): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step < most; step += 1) {
      await this.press(key);
      const focused = await this.#visiblyFocused();
      if (typeof name === 'string' ? focused.name === name : name.test(focused.name)) return;
      passed.push(focused.name);
    }
    throw new Error(`${key} does not lead to ${String(name)}, but to ${passed.join(' | ')}`);
  }

  async expectFocus(name: string | RegExp): Promise<void> {
    await expect
      .poll(async () => (await this.focused()).name)
      .toMatch(typeof name === 'string' ? new RegExp(`^${name}$`) : name);
    await this.#visiblyFocused();
  }

  /** Rings may grow in an instant of their own. */
  async #visiblyFocused(): Promise<Focused> {
    await expect.poll(async () => (await this.focused()).visible || (await this.focused()).name).toBe(true);
    return this.focused();
  }

  focused(): Promise<Focused> {
    return this.page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body)
        return { name: 'nothing', visible: true };
      const labels = 'labels' in element ? (element as HTMLInputElement).labels : null;
      const name =
        element.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element.textContent ?? '';
      const ring = (one: Element | null): boolean => {
        if (one === null) return false;
        const { outlineStyle, outlineWidth, boxShadow, visibility } = getComputedStyle(one);
        const isOutlined = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2;
        return visibility === 'visible' && (isOutlined || /0px 0px 0px (?:1\.5|[2-9])/.test(boxShadow));
      };
      // The ring of a field is drawn around its box, that of a message around its bubble.
      const near = [
        element,
        element.parentElement,
        element.parentElement?.parentElement ?? null,
        ...element.children,
      ];
      const { width, height } = element.getBoundingClientRect();
      return { name: name.trim(), visible: width > 0 && height > 0 && near.some(ring) };
    });
  }
}
