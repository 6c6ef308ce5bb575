import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import Chat from "./Chat.svelte";

const appid = decodeURIComponent(location.pathname.split("/")[2] ?? "");
mount(Chat, { target: document.getElementById("page")!, props: { appid } });
