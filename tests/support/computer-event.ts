/** What happens to a computer itself, told to the process that plays it (`children/device.ts`). */
export type ComputerEvent =
  | { readonly computer: 'suspend' | 'wake' }
  /** Another network, by the name of its interface. */
  | { readonly computer: 'network'; readonly name: string }
  /** Something else fills the disk that the profile is on, or goes again. */
  | { readonly computer: 'disk-full' | 'disk-free' }
  /** The clock is set: so far ahead of the true time, in milliseconds; negative for behind. */
  | { readonly computer: 'clock'; readonly aheadMs: number };

export const isComputerEvent = (message: unknown): message is ComputerEvent =>
  typeof message === 'object' && message !== null && 'computer' in message;
