import { buildIfStale } from '#scripts/build.ts';

/** The suite tests what would be shipped from these sources. CHATSECURE_E2E_BUILD=off keeps dist/ as it is. */
export default async (): Promise<void> => {
  if (process.env['CHATSECURE_E2E_BUILD'] !== 'off') await buildIfStale();
};
