/** Words used in several places. */
export const common = {
  name: "Visionloom",
  home: "Home",
  runs: "Runs",
  machine: "Machine",
  loading: "Loading",
  notFound: "There is no such page.",
  close: "Close",
  cancel: "Cancel",
  delete: "Delete",
  retry: "Try again",
  states: {
    queued: "Queued",
    running: "Running",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    interrupted: "Interrupted",
    lost: "Lost",
    reused: "Reused",
    skipped: "Left out",
  },
};
