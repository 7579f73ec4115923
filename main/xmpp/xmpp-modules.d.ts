/** Types for the untyped packages of xmpp.js 0.14, as far as we use them. */
declare module '@xmpp/xml' {
  export type Child = Element | string;
  export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

  export class Element {
    constructor(name: string, attrs?: Attributes);
    name: string;
    attrs: Record<string, string>;
    children: (Element | string)[];
    parent: Element | null;
    is(name: string, xmlns?: string): boolean;
    getNS(): string | undefined;
    getName(): string;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildElements(): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getChildByAttr(attr: string, value: string, xmlns?: string, recursive?: boolean): Element | undefined;
    text(): string;
    append(...children: readonly (Child | readonly Child[])[]): void;
    remove(child: Element | string): this;
    toString(): string;
  }

  export class Parser {
    on(event: 'start' | 'end' | 'element', listen: (element: Element) => void): this;
    on(event: 'error', listen: (error: Error) => void): this;
    removeAllListeners(): this;
    write(text: string): void;
    end(text?: string): void;
  }

  interface Xml {
    (name: string, attrs?: Attributes, ...children: readonly (Child | undefined | readonly Child[])[]): Element;
  }
  const xml: Xml;
  export default xml;
}
