/** Whatever attaches to something returns one of these, and calling it twice does no harm. */
export interface Disposable {
  dispose(): void;
}

/** Collects disposables and disposes them in reverse order, once. */
export class DisposableStore implements Disposable {
  readonly #items: (() => void)[] = [];
  #disposed = false;

  /** Adds an off function or a disposable; after `dispose` it is disposed at once. */
  add(item: Disposable | (() => void)): void {
    const off = typeof item === 'function' ? item : (): void => item.dispose();
    if (this.#disposed) off();
    else this.#items.push(off);
  }

  dispose(): void {
    this.#disposed = true;
    for (const off of this.#items.splice(0).toReversed()) off();
  }
}
