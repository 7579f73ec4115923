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
    emit(event: string, ...args: readonly unknown[]): boolean;
    removeAllListeners(): this;
    write(text: string): void;
    end(text?: string): void;
  }

  interface Xml {
    (
      name: string,
      attrs?: Attributes,
      ...children: readonly (Child | undefined | readonly Child[])[]
    ): Element;
  }
  const xml: Xml;
  export default xml;
}

declare module '@xmpp/connection-tcp' {
  import type { Parser } from '@xmpp/xml';

  /** A way to reach a server: the client asks each for its parameters of a service and takes the first that has any. */
  export default class ConnectionTCP {
    socketParameters(service: string): unknown;
    /** Namespace of what the stream carries. */
    NS: string;
    Socket: new () => unknown;
    Parser: new () => Parser;
  }
}

declare module '@xmpp/client-core' {
  import type ConnectionTCP from '@xmpp/connection-tcp';
  import type { Element } from '@xmpp/xml';

  export class Client {
    constructor(options: { readonly domain: string });
    /** Milliseconds that `open` and others wait; 0 for ever. */
    timeout: number;
    readonly transports: (typeof ConnectionTCP)[];
    /** Makes the socket of the first transport that knows the service, and waits for its 'connect'. */
    connect(service: string): Promise<void>;
    /** Sends our stream header and waits for theirs. */
    open(options: { readonly domain: string }): Promise<Element>;
    /** The same with a new parser, after SASL (RFC 6120 section 4.3.3). */
    restart(): Promise<Element>;
    write(text: string): Promise<void>;
    /** Our address, named in the stream header of a secure connection (RFC 6120 section 4.7.1). */
    _jid(jid: string): unknown;
    /** Every element at stream level. */
    _onElement(element: Element): void;
    /** Text that has arrived; throws what the parser throws. */
    _onData(text: string): void;
    _detachParser(): void;
    _detachSocket(): void;
    on(event: 'error', listen: (error: Error) => void): this;
    /** The peer's closing tag. */
    on(event: 'close', listen: () => void): this;
    emit(event: 'error', error: Error): boolean;
    removeAllListeners(): this;
  }
}
