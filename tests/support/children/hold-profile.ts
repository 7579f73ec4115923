// Claims the profile named by the argument, says so, and holds it until it is killed.
import { claimProfile } from '#main/store/profile.ts';

claimProfile(process.argv[2] ?? '');
console.log('claimed');
setInterval(() => undefined, 60_000);
