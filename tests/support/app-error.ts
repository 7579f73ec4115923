import { AppError, type ErrorCode } from '#shared/errors.ts';

const codeOf = (error: unknown): ErrorCode => {
  if (error instanceof AppError) return error.code;
  throw error;
};

/** The code of the AppError that `act` throws; undefined where it throws nothing. */
export const errorCode = (act: () => unknown): ErrorCode | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
};

/** As `errorCode`, for what is answered later. */
export const rejectionCode = async (act: () => Promise<unknown>): Promise<ErrorCode | undefined> => {
  try {
    await act();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
};
