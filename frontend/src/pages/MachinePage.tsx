export default function MachinePage() {
  return <main />;
}
