/** What outbox entries besides messages carry, as plain JSON: written by the services, read when they are sealed. */

export interface EditPayload {
  /** `id` and origin-id of the edit. */
  readonly stanzaId: string;
  /** `id` attribute of the message that it replaces. */
  readonly replaces: string;
  readonly body: string;
}

export interface RetractionPayload {
  readonly stanzaId: string;
  /** `id` attribute of the message that is taken back. */
  readonly retracts: string;
}

export interface ReactionPayload {
  readonly stanzaId: string;
  /** Origin-id of the message, or its `id` attribute (XEP-0444 section 4.2). */
  readonly about: string;
  readonly emojis: readonly string[];
}

export interface ReceiptPayload {
  /** `id` attribute of the message that arrived. */
  readonly received: string;
  readonly type: 'chat' | 'normal';
}

export interface MarkerPayload {
  /** `id` attribute of the newest message that was displayed. */
  readonly displayed: string;
}
