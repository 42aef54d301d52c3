export const look = {};
