import type { ReactNode } from 'react';
import { spanDirectives, type PreBlock, type StyledBlock, type StyledSpan } from '#shared/styling.ts';
import { classes } from '../../ui/classes.ts';
import styles from './StyledText.module.css';

const cx = classes(styles);

interface StyledTextProps {
  readonly blocks: readonly StyledBlock[];
  /** Draws what is plain text, with its links. */
  readonly plain: (text: string) => ReactNode;
}

/**
 * A text with Message Styling (XEP-0393). Directives stay, dimmed (section 8): what was typed can always be seen.
 * Only the marks of quotations become a bar, and the fences of preformatted text its frame.
 */
export const StyledText = ({ blocks, plain }: StyledTextProps): ReactNode =>
  blocks.map((block, index) => {
    // Parts of one text never move.
    switch (block.kind) {
      case 'plain':
        return (
          <span key={index}>
            <Spans spans={block.spans} plain={plain} />
            {block.end}
          </span>
        );
      case 'quote':
        return (
          <blockquote key={index} className={cx('quote')}>
            <StyledText blocks={block.blocks} plain={plain} />
          </blockquote>
        );
      case 'pre':
        return <Preformatted key={index} block={block} />;
    }
  });

const Preformatted = ({ block }: { block: PreBlock }): ReactNode => {
  const about = block.opening.text.slice(3).trim();
  return (
    <div className={cx('frame')}>
      {about !== '' && <div className={cx('directive')}>{about}</div>}
      <pre className={cx('pre')} dir="ltr">
        {block.lines.map(({ text }) => text).join('\n')}
      </pre>
    </div>
  );
};

const tags = { strong: 'strong', emphasis: 'em', strike: 's' } as const;

const Spans = ({
  spans,
  plain,
}: {
  spans: readonly StyledSpan[];
  plain: StyledTextProps['plain'];
}): ReactNode =>
  spans.map((span, index) => {
    if (span.kind === 'text') return <span key={index}>{plain(span.text)}</span>;
    // Whoever listens hears the emphasis itself, where their reader says it.
    const directive = (
      <span className={cx('directive')} aria-hidden="true">
        {spanDirectives[span.kind]}
      </span>
    );
    const Tag = span.kind === 'mono' ? 'code' : tags[span.kind];
    return (
      <Tag key={index} className={cx(span.kind === 'mono' && 'mono')}>
        {directive}
        {span.kind === 'mono' ? span.text : <Spans spans={span.spans} plain={plain} />}
        {directive}
      </Tag>
    );
  });
