/** Cause: too many files are watched. */
import { toldByItself } from '../told-by-itself.ts';

export const inotifyLimit = toldByItself({
  id: 'inotify-limit',
  title: 'Too many files are watched',
  why: 'The kernel allows each user a number of watched files and of watchers, over all containers of the machine. Beyond it the answer is that of a full disk.',
  signs: '`ENOSPC` or `EMFILE` of a `watch`, `System limit for number of file watchers reached`, with room on the disk',
  mends: 'Raise `fs.inotify.max_user_watches` on the machine, watch less, or poll',
  pattern:
    /System limit for number of file watchers|(?:ENOSPC|EMFILE|[Nn]o space left|[Tt]oo many open files).*(?:\bwatch|inotify)|(?:\bwatch\w*|inotify\w*)\b.*(?:ENOSPC|EMFILE|[Nn]o space left|[Tt]oo many open files|limit)/,
  most: 96,
  says: () => 'The machine allows no further watched files.',
  remedy: () => [
    'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024   # on the machine, not in the container',
    'echo -e "fs.inotify.max_user_watches=524288\\nfs.inotify.max_user_instances=1024" | sudo tee /etc/sysctl.d/60-watches.conf   # so that it stays',
    'or poll: CHOKIDAR_USEPOLLING=1, and keep node_modules out of what is watched',
  ],
  disprovedBy: 'The disk or its inodes are used up (`df -h`, `df -i`).',
});
