/** Built into one CommonJS file: a sandboxed preload has no ESM, and `electron` is the only package it may require. */
import { contextBridge, ipcRenderer } from 'electron';
import { BRIDGE_KEY, IPC_CHANNEL, type Bridge } from '#shared/pipe.ts';

let receiver: ((frame: unknown) => void) | undefined;

// The event object stays here: its `sender` would hand the whole of ipcRenderer to the page.
ipcRenderer.on(IPC_CHANNEL, (_event, frame: unknown) => receiver?.(frame));

const bridge: Bridge = {
  send: (frame) => ipcRenderer.send(IPC_CHANNEL, frame),
  onFrame: (receive) => {
    if (typeof receive !== 'function') throw new TypeError('onFrame takes a function');
    receiver = receive;
  },
};

contextBridge.exposeInMainWorld(BRIDGE_KEY, bridge);
