import type { DeviceName, World } from './world.ts';

/** What happens in a sequence. Plain data, so that a failing one can be printed and repeated. */
export type Act =
  | { readonly act: 'send'; readonly device: DeviceName; readonly count: number }
  /** Both ends see a reset. */
  | { readonly act: 'cut'; readonly device: DeviceName }
  /** Only the computer sees it: the server believes in the connection for a while. */
  | { readonly act: 'cut-client'; readonly device: DeviceName }
  /** Half-open: everything vanishes, nothing is closed. */
  | { readonly act: 'swallow'; readonly device: DeviceName }
  /** Nothing answers at the server's port. */
  | { readonly act: 'refuse'; readonly device: DeviceName }
  /** Packets of this many bytes. */
  | { readonly act: 'chunk'; readonly device: DeviceName; readonly size: number }
  | { readonly act: 'mend'; readonly device: DeviceName }
  /** kill -9 */
  | { readonly act: 'kill'; readonly device: DeviceName }
  | { readonly act: 'quit'; readonly device: DeviceName }
  | { readonly act: 'run'; readonly device: DeviceName }
  | { readonly act: 'restart-server'; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly act: 'pause'; readonly ms: number };

export const isFault = ({ act }: Act): boolean =>
  act !== 'send' && act !== 'pause' && act !== 'run' && act !== 'mend';

/** Names the texts of one sequence. */
export interface Script {
  readonly label: string;
  /** Texts whose sending was confirmed to the user: these must arrive. */
  readonly promised: string[];
  /** Texts whose computer died while it was told: they may exist or not. */
  readonly possible: string[];
  sent: number;
}

export const perform = async (world: World, act: Act, script: Script): Promise<void> => {
  switch (act.act) {
    case 'send':
      return send(world, act.device, act.count, script);
    case 'cut':
      return world.seat(act.device).proxy.cut();
    case 'cut-client':
      return world.seat(act.device).proxy.cutClient();
    case 'swallow':
      return world.seat(act.device).proxy.swallow();
    case 'refuse':
      world.seat(act.device).proxy.refuse(true);
      return world.seat(act.device).proxy.cut();
    case 'chunk':
      return world.seat(act.device).proxy.chunk(act.size);
    case 'mend':
      return mend(world, act.device);
    case 'kill':
      return world.seat(act.device).device.kill();
    case 'quit':
      return world.seat(act.device).device.quit();
    case 'run':
      if (!world.seat(act.device).device.isRunning) await world.seat(act.device).device.run();
      return undefined;
    case 'restart-server':
      return world.server.restart({ kill: act.signal });
    case 'pause':
      return new Promise((resolve) => setTimeout(resolve, act.ms));
  }
};

const send = async (world: World, name: DeviceName, count: number, script: Script): Promise<void> => {
  const { device, chatId } = world.seat(name);
  if (!device.isRunning) return;
  for (let index = 0; index < count; index++) {
    const text = `${script.label} ${script.sent++} by ${name}`;
    try {
      await device.window.api.messages.send({ chatId, text });
      script.promised.push(text);
    } catch {
      script.possible.push(text);
    }
  }
};

const mend = (world: World, name: DeviceName): void => {
  const { proxy } = world.seat(name);
  proxy.refuse(false);
  proxy.chunk(undefined);
  if (!proxy.isSwallowing) return;
  proxy.heal();
  proxy.cut();
};
