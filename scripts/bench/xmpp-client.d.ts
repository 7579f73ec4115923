/** Types for @xmpp/client 0.14, as far as the bench uses it. */
declare module '@xmpp/client' {
  import type { Element } from '@xmpp/xml';

  interface Client {
    /** Milliseconds that every step of the login may take. */
    timeout: number;
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    send(stanza: Element): Promise<void>;
    on(event: 'stanza', listen: (stanza: Element) => void): this;
    off(event: 'stanza', listen: (stanza: Element) => void): this;
    on(event: 'error', listen: (error: Error) => void): this;
  }

  export const client: (options: {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly password: string;
    readonly resource: string;
  }) => Client;
  export { default as xml } from '@xmpp/xml';
}
