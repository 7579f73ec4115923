/**
 * Formats the sources in place.
 *
 *   npm run format                  everything
 *   npm run format -- main/net      these files and folders
 */
import { commandFile, runVisibly } from './tool.ts';

const { code, output } = await runVisibly(process.execPath, [
  commandFile('oxfmt'),
  '--write',
  ...process.argv.slice(2),
]);
if (output !== '') console.error(output);
process.exitCode = code;
