// biome-ignore-all lint/suspicious/noTemplateCurlyInString: tokens of the plugin contract
import { expect, it } from "vitest";
import { withAccessFolder } from "../../src/access/folder.ts";

it.each([
  ["${ACCESS_DIR}", "/f"],
  ["${ACCESS_DIR}/", "/f/"],
  ["${ACCESS_DIR}/kubeconfig", "/f/kubeconfig"],
  ["${ACCESS_DIR}/tls/ca.pem:${ACCESS_DIR}/b", "/f/tls/ca.pem:/f/b"],
  ["cd ${ACCESS_DIR}; ls '${ACCESS_DIR}' ${ACCESS_DIR}.", "cd /f; ls '/f' /f."],
  ["${ACCESS_DIR}:${ACCESS_DIR}", "/f:/f"],
])("%s is the folder, as it stands", (text, expected) => {
  expect(withAccessFolder(text, "/f")).toBe(expected);
});

it.each([
  ["${ACCESS_DIR}kubeconfig", "/f/kubeconfig"],
  ["${ACCESS_DIR}a:${ACCESS_DIR}/b", "/f/a:/f/b"],
  ["${ACCESS_DIR}.kube/config", "/f/.kube/config"],
  ["${ACCESS_DIR}-old", "/f/-old"],
  ["${ACCESS_DIR}_netrc", "/f/_netrc"],
  ["${ACCESS_DIR}7", "/f/7"],
  ["${ACCESS_DIR}ключ", "/f/ключ"],
])("%s, as older plugins write it, is a file in the folder", (text, expected) => {
  expect(withAccessFolder(text, "/f")).toBe(expected);
});

it("puts the folder in as it is, whatever means something to a replacement", () => {
  expect(withAccessFolder("${ACCESS_DIR}/a ${ACCESS_DIR}b $& ${HOST}", "/$&/$1")).toBe("/$&/$1/a /$&/$1/b $& ${HOST}");
});
