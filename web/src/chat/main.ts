import { mount } from "svelte";
import "../style/theme.css";
import "../style/base.css";
import { guardDrops } from "../parts/compose/drop_guard";
import Chat from "./Chat.svelte";

guardDrops();
const appid = decodeURIComponent(location.pathname.split("/")[2] ?? "");
mount(Chat, { target: document.getElementById("page")!, props: { appid } });
