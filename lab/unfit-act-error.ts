/** What somebody asks of the lab cannot be done; the message tells them why, in one line. */
export class UnfitActError extends Error {}
