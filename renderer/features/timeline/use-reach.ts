import {
  useState,
  type Dispatch,
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  type SetStateAction,
} from 'react';
import type { OpenTool } from './MessageTools.tsx';

interface Reach {
  /** The tools are to be drawn: the pointer or the keyboard is here, or a part of them is open. */
  readonly reached: boolean;
  readonly open: OpenTool | undefined;
  readonly setOpen: Dispatch<SetStateAction<OpenTool | undefined>>;
  readonly events: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: (event: FocusEvent<HTMLElement>) => void;
    readonly onBlur: (event: FocusEvent<HTMLElement>) => void;
    readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
    readonly onContextMenu: (event: MouseEvent<HTMLElement>) => void;
  };
}

const opensMenu = ({ key, shiftKey }: KeyboardEvent): boolean =>
  key === 'Enter' || key === 'ContextMenu' || (key === 'F10' && shiftKey);

/**
 * When a row shows its tools: of hundreds of rows only those that somebody is at pay for them.
 * Enter, Shift+F10 and the secondary button open the menu.
 */
export const useReach = (focused: () => void): Reach => {
  const [pointed, setPointed] = useState(false);
  const [focus, setFocus] = useState(false);
  const [open, setOpen] = useState<OpenTool>();
  return {
    reached: pointed || focus || open !== undefined,
    open,
    setOpen,
    events: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocus: ({ target, currentTarget }) => {
        // React passes on what happens in the menu, which lies elsewhere in the document.
        if (!currentTarget.contains(target)) return;
        focused();
        setFocus(target !== currentTarget || target.matches(':focus-visible'));
      },
      onBlur: ({ currentTarget, relatedTarget }) => {
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget))) setFocus(false);
      },
      onKeyDown: (event) => {
        if (event.target !== event.currentTarget || !opensMenu(event)) return;
        event.preventDefault();
        setOpen('menu');
      },
      onContextMenu: (event) => {
        const { target, currentTarget } = event;
        if (!(target instanceof Element) || !currentTarget.contains(target)) return;
        // Links and selected text keep the menu that the system has for them.
        if (target.closest('a') !== null || getSelection()?.isCollapsed === false) return;
        event.preventDefault();
        setOpen('menu');
      },
    },
  };
};
