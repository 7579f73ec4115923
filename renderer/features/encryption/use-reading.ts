import { useEffect, useEffectEvent, useState } from 'react';
import { parseKeyLink } from '#shared/key-link.ts';
import { readCode, type PictureReading } from './read-code.ts';

/** Why what was given is of no use. */
export type ReadingProblem = Exclude<PictureReading['kind'], 'text'> | 'no-link';

export interface Reading {
  readonly problem: ReadingProblem | undefined;
  /** A picture is being looked at. */
  readonly busy: boolean;
  readonly takeText: (text: string) => void;
  readonly takePicture: (picture: Blob) => void;
  /** Takes what was dropped or pasted. @returns whether there was something in it that is meant for here */
  readonly take: (data: DataTransfer | null) => boolean;
}

/**
 * Pictures and links that are given in any way, pasted anywhere in the window too.
 * @param onLink gets what can be read; what it says is not known then
 */
export const useReading = (onLink: (link: string) => void): Reading => {
  const [problem, setProblem] = useState<ReadingProblem>();
  const [busy, setBusy] = useState(false);

  const takeText = (text: string): void => {
    const isLink = parseKeyLink(text) !== undefined;
    setProblem(isLink ? undefined : 'no-link');
    if (isLink) onLink(text);
  };
  const look = async (picture: Blob): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    const reading = await readCode(picture).catch((): PictureReading => ({ kind: 'no-picture' }));
    setBusy(false);
    if (reading.kind === 'text') takeText(reading.text);
    else setProblem(reading.kind);
  };
  const takePicture = (picture: Blob): void => void look(picture);
  const take = (data: DataTransfer | null): boolean => {
    const [picture] = data?.files ?? [];
    const text = data?.getData('text/plain') ?? '';
    const isLink = picture === undefined && parseKeyLink(text) !== undefined;
    if (picture !== undefined) takePicture(picture);
    if (isLink) takeText(text);
    return picture !== undefined || isLink;
  };
  usePaste(take);
  return { problem, busy, takeText, takePicture, take };
};

/** Texts that are no links go where they are pasted. */
const usePaste = (take: (data: DataTransfer | null) => boolean): void => {
  const onPaste = useEffectEvent((event: ClipboardEvent) => {
    if (take(event.clipboardData)) event.preventDefault();
  });
  useEffect(() => {
    const listener = (event: ClipboardEvent): void => onPaste(event);
    document.addEventListener('paste', listener);
    return () => document.removeEventListener('paste', listener);
  }, []);
};
