/** What the views ask the server for. Artifacts never change, so an answer is good for ever. */
import { useQuery } from "@tanstack/react-query";
import { ask, client } from "~/api/client";

const forEver = { staleTime: Number.POSITIVE_INFINITY } as const;

export function useArtifact(artifact: string) {
  return useQuery({
    queryKey: ["artifact", artifact],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/artifacts/{artifact}", { params: { path: { artifact } }, signal })),
    ...forEver,
  });
}

export function useImages(artifact: string) {
  return useQuery({
    queryKey: ["images", artifact],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/images/{artifact}", { params: { path: { artifact } }, signal })),
    enabled: artifact !== "",
    ...forEver,
  });
}

export function useTransformation(artifact: string) {
  return useQuery({
    queryKey: ["transformation", artifact],
    queryFn: ({ signal }) =>
      ask(
        client.GET("/api/transformations/{artifact}", { params: { path: { artifact } }, signal }),
      ),
    ...forEver,
  });
}

export function useModel(artifact: string) {
  return useQuery({
    queryKey: ["model", artifact],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/models/{artifact}", { params: { path: { artifact } }, signal })),
    ...forEver,
  });
}

export function useScores(artifact: string) {
  return useQuery({
    queryKey: ["scores", artifact],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/scores/{artifact}", { params: { path: { artifact } }, signal })),
    enabled: artifact !== "",
    ...forEver,
  });
}

export function useEvaluation(artifact: string) {
  return useQuery({
    queryKey: ["evaluation", artifact],
    queryFn: ({ signal }) =>
      ask(client.GET("/api/evaluations/{artifact}", { params: { path: { artifact } }, signal })),
    ...forEver,
  });
}

export function useCurve(run: string, step: string, wanted = true) {
  return useQuery({
    queryKey: ["curve", run, step],
    queryFn: ({ signal }) =>
      ask(
        client.GET("/api/runs/{run}/curve", {
          params: { path: { run }, query: { step } },
          signal,
        }),
      ),
    enabled: wanted && run !== "",
  });
}
